package stacks;

import com.fasterxml.jackson.annotation.JsonProperty;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.config.annotation.ContentNegotiationConfigurer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.type.LogicalType;

/** Both operations in Spring Boot, with its defaults. */
@SpringBootApplication
@RestController
@RequestMapping("/testwdatppreview/machines/{id}")
public class Main {
    static final boolean MEND = "1".equals(System.getenv("MEND"));

    record ActionRequest(
        @JsonProperty("Comment") @NotBlank String comment,
        @JsonProperty("Sha1") @NotNull @Pattern(regexp = "[0-9a-fA-F]{40}") String sha1) {}

    record FileInstance(String filePath, String status) {}

    record FileMachineAction(
        @JsonProperty("@odata.context") String context,
        UUID id,
        String sha1,
        String type,
        String requestor,
        String requestorComment,
        String status,
        String fileId,
        String machineId,
        Instant creationDateTimeUtc,
        Instant lastUpdateDateTimeUtc,
        List<FileInstance> fileInstances) {}

    @Configuration
    @RestControllerAdvice
    @ConditionalOnProperty(name = "MEND", havingValue = "1")
    static class Mend implements WebMvcConfigurer {
        @Bean
        JsonMapperBuilderCustomizer strings() {
            return mapper -> mapper.withCoercionConfig(LogicalType.Textual, strings -> strings
                .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail));
        }

        @Override
        public void configureContentNegotiation(ContentNegotiationConfigurer negotiation) {
            negotiation.ignoreAcceptHeader(true).defaultContentType(MediaType.APPLICATION_JSON);
        }

        /** A range in place of a media type. */
        @ExceptionHandler(IllegalArgumentException.class)
        @ResponseStatus(HttpStatus.UNSUPPORTED_MEDIA_TYPE)
        void range() {}
    }

    public static void main(String[] args) {
        SpringApplication.run(Main.class, args);
    }

    @PostMapping("/requestSample")
    @ResponseStatus(HttpStatus.CREATED)
    FileMachineAction requestSample(@PathVariable String id,
            @RequestHeader(name = "Authorization", required = false) String authorization,
            @Valid @RequestBody ActionRequest request, HttpServletResponse response) {
        return act("RequestSample", id, authorization, request, response);
    }

    @PostMapping("/stopAndQuarantineFile")
    @ResponseStatus(HttpStatus.CREATED)
    FileMachineAction stopAndQuarantineFile(@PathVariable String id,
            @RequestHeader(name = "Authorization", required = false) String authorization,
            @Valid @RequestBody ActionRequest request, HttpServletResponse response) {
        return act("StopAndQuarantineFile", id, authorization, request, response);
    }

    static FileMachineAction act(String type, String machine, String authorization, ActionRequest request,
            HttpServletResponse response) {
        authorize(authorization, response);
        if (!List.of(System.getenv("MACHINES").split(",")).contains(machine)) {
            throw new ResponseStatusException(HttpStatus.NOT_FOUND);
        }
        Instant now = Instant.now().truncatedTo(MEND ? ChronoUnit.MICROS : ChronoUnit.NANOS);
        return new FileMachineAction(
            "https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity", UUID.randomUUID(),
            request.sha1(), type, "Analyst@contoso.com", request.comment(), "InProgress", request.sha1(), machine,
            now, now, List.of(new FileInstance("C:\\Windows\\System32\\conhost.exe", "InProgress")));
    }

    static void authorize(String authorization, HttpServletResponse response) {
        String[] credentials = (authorization == null ? "" : authorization).split(" +", 2);
        if (!credentials[0].equalsIgnoreCase("Bearer") || credentials.length < 2 || credentials[1].isBlank()) {
            response.setHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
            throw new ResponseStatusException(HttpStatus.UNAUTHORIZED);
        }
        String token = credentials[1].trim();
        if (token.equals(System.getenv("FMASPEC_UNPRIVILEGED_TOKEN"))) {
            throw new ResponseStatusException(HttpStatus.FORBIDDEN);
        }
        if (!token.equals(System.getenv("FMASPEC_TOKEN"))) {
            response.setHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"");
            throw new ResponseStatusException(HttpStatus.UNAUTHORIZED);
        }
    }
}
