import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Both operations in the JDK's own server, with its defaults, and Jackson with its own. */
public class Main {
    static final boolean MEND = "1".equals(System.getenv("MEND"));
    static final Pattern ROUTE =
        Pattern.compile("/testwdatppreview/machines/([^/]+)/(requestSample|stopAndQuarantineFile)");
    static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] args) throws IOException {
        if (MEND) {
            JSON.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
        }
        HttpServer server =
            HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), 0);
        server.createContext("/", Main::handle);
        server.start();
    }

    static void handle(HttpExchange exchange) throws IOException {
        List<String> hosts = exchange.getRequestHeaders().getOrDefault("Host", List.of());
        if (MEND && (hosts.size() != 1 || !hosts.get(0).matches("[^\\s/?#@]+"))) {
            answer(exchange, 400, "one Host, please");
            return;
        }
        Matcher route = ROUTE.matcher(exchange.getRequestURI().getPath());
        if (!route.matches()) {
            answer(exchange, 404, "not found");
            return;
        }
        if (!exchange.getRequestMethod().equals("POST")) {
            exchange.getResponseHeaders().set("Allow", "POST");
            answer(exchange, 405, "want POST");
            return;
        }
        String authorization = exchange.getRequestHeaders().getFirst("Authorization");
        String[] credentials = (authorization == null ? "" : authorization).split(" +", 2);
        if (!credentials[0].equalsIgnoreCase("Bearer") || credentials.length < 2 || credentials[1].isBlank()) {
            exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer");
            answer(exchange, 401, "a bearer token is required");
            return;
        }
        String token = credentials[1].trim();
        if (token.equals(System.getenv("FMASPEC_UNPRIVILEGED_TOKEN"))) {
            answer(exchange, 403, "the user has neither role");
            return;
        }
        if (!token.equals(System.getenv("FMASPEC_TOKEN"))) {
            exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer error=\"invalid_token\"");
            answer(exchange, 401, "the token is not valid");
            return;
        }
        String machine = route.group(1);
        if (!List.of(System.getenv("MACHINES").split(",")).contains(machine)) {
            answer(exchange, 404, "no such machine");
            return;
        }
        String media = exchange.getRequestHeaders().getFirst("Content-Type");
        if (media == null || !media.split(";")[0].trim().equalsIgnoreCase("application/json")) {
            answer(exchange, 415, "want application/json");
            return;
        }
        JsonNode body;
        try {
            body = MEND ? JSON.readTree(read(exchange)) : JSON.readTree(exchange.getRequestBody());
        } catch (IOException e) {
            answer(exchange, 400, "the body is not JSON");
            return;
        }
        JsonNode comment = body.path("Comment");
        JsonNode sha1 = body.path("Sha1");
        if (!comment.isTextual() || comment.asText().isBlank()) {
            answer(exchange, 400, "Comment is missing");
            return;
        }
        if (!sha1.isTextual() || !sha1.asText().matches("[0-9a-fA-F]{40}")) {
            answer(exchange, 400, "Sha1 is not 40 hexadecimal digits");
            return;
        }
        String now = Instant.now().truncatedTo(MEND ? ChronoUnit.MICROS : ChronoUnit.NANOS).toString();
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        answer(exchange, 201, JSON.writeValueAsString(Map.ofEntries(
            Map.entry("@odata.context",
                "https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity"),
            Map.entry("id", UUID.randomUUID()),
            Map.entry("sha1", sha1),
            Map.entry("type", route.group(2).substring(0, 1).toUpperCase() + route.group(2).substring(1)),
            Map.entry("requestor", "Analyst@contoso.com"),
            Map.entry("requestorComment", comment),
            Map.entry("status", "InProgress"),
            Map.entry("fileId", sha1),
            Map.entry("machineId", machine),
            Map.entry("creationDateTimeUtc", now),
            Map.entry("lastUpdateDateTimeUtc", now),
            Map.entry("fileInstances",
                List.of(Map.of("filePath", "C:\\Windows\\System32\\conhost.exe", "status", "InProgress"))))));
    }

    /** Reads a body that may be followed by trailers, which the server takes for an error. */
    static byte[] read(HttpExchange exchange) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            exchange.getRequestBody().transferTo(all);
        } catch (IOException trailers) {
            // What is missing of a body that was cut shows in its JSON; what is left would be taken for a request.
            exchange.getResponseHeaders().set("Connection", "close");
        }
        return all.toByteArray();
    }

    static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes("UTF-8");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
