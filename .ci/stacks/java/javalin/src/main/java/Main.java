import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.javalin.Javalin;
import io.javalin.http.Context;
import io.javalin.http.ForbiddenResponse;
import io.javalin.http.Header;
import io.javalin.http.NotFoundResponse;
import io.javalin.http.UnauthorizedResponse;
import io.javalin.http.UnsupportedMediaTypeResponse;
import io.javalin.json.JavalinJackson;
import java.nio.charset.Charset;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Both operations in Javalin, with its defaults. */
public class Main {
    static final boolean MEND = "1".equals(System.getenv("MEND"));

    public static class ActionRequest {
        public String Comment;
        public String Sha1;
    }

    public static void main(String[] args) {
        Javalin.create(config -> {
            if (MEND) {
                config.jsonMapper(new JavalinJackson().updateMapper(Main::strict));
            }
            config.routes.post("/testwdatppreview/machines/{id}/requestSample",
                context -> act(context, "RequestSample"));
            config.routes.post("/testwdatppreview/machines/{id}/stopAndQuarantineFile",
                context -> act(context, "StopAndQuarantineFile"));
        }).start("127.0.0.1", Integer.parseInt(System.getenv("PORT")));
    }

    static void strict(ObjectMapper mapper) {
        mapper.disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
        mapper.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
        mapper.coercionConfigFor(LogicalType.Textual)
            .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
            .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
            .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
    }

    /** Refuses another method, which X-HTTP-Method-Override hides, another media type, and an unknown charset. */
    static void check(Context context) {
        if (!context.req().getMethod().equals("POST")) {
            throw new NotFoundResponse();
        }
        String media = String.valueOf(context.header("Content-Type"));
        if (!media.matches("(?i)application/json[ \\t]*(;.*)?") || !readable(context)) {
            throw new UnsupportedMediaTypeResponse();
        }
    }

    static boolean readable(Context context) {
        try {
            return context.characterEncoding() == null || Charset.isSupported(context.characterEncoding());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    static void act(Context context, String type) {
        authorize(context);
        String machine = context.pathParam("id");
        if (!List.of(System.getenv("MACHINES").split(",")).contains(machine)) {
            throw new NotFoundResponse("no such machine");
        }
        if (MEND) {
            check(context);
        }
        ActionRequest request = context.bodyValidator(ActionRequest.class)
            .check(r -> r.Comment != null && !r.Comment.isBlank(), "Comment is missing")
            .check(r -> r.Sha1 != null && r.Sha1.matches("[0-9a-fA-F]{40}"), "Sha1 is not 40 hexadecimal digits")
            .get();
        String now = Instant.now().truncatedTo(MEND ? ChronoUnit.MICROS : ChronoUnit.NANOS).toString();
        context.status(201).json(Map.ofEntries(
            Map.entry("@odata.context",
                "https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity"),
            Map.entry("id", UUID.randomUUID()),
            Map.entry("sha1", request.Sha1),
            Map.entry("type", type),
            Map.entry("requestor", "Analyst@contoso.com"),
            Map.entry("requestorComment", request.Comment),
            Map.entry("status", "InProgress"),
            Map.entry("fileId", request.Sha1),
            Map.entry("machineId", machine),
            Map.entry("creationDateTimeUtc", now),
            Map.entry("lastUpdateDateTimeUtc", now),
            Map.entry("fileInstances",
                List.of(Map.of("filePath", "C:\\Windows\\System32\\conhost.exe", "status", "InProgress")))));
    }

    static void authorize(Context context) {
        String authorization = context.header("Authorization");
        String[] credentials = (authorization == null ? "" : authorization).split(" +", 2);
        if (!credentials[0].equalsIgnoreCase("Bearer") || credentials.length < 2 || credentials[1].isBlank()) {
            context.header(Header.WWW_AUTHENTICATE, "Bearer");
            throw new UnauthorizedResponse("a bearer token is required");
        }
        String token = credentials[1].trim();
        if (token.equals(System.getenv("FMASPEC_UNPRIVILEGED_TOKEN"))) {
            throw new ForbiddenResponse("the user has neither role");
        }
        if (!token.equals(System.getenv("FMASPEC_TOKEN"))) {
            context.header(Header.WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"");
            throw new UnauthorizedResponse("the token is not valid");
        }
    }
}
