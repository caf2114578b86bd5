import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/**
 * Reports facts and redeems an offer with Java's HttpClient as it is by default, which offers h2c.
 *
 * <p>Arguments: the server's URL, its key, a body for /v1/facts, a body for /v1/redemptions. Prints the
 * status and body of each response on a line: facts, facts in chunks, redemption.
 */
public class ReportAndRedeem {
    public static void main(String[] args) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        byte[] facts = args[2].getBytes("UTF-8");
        print(client, request(args, "/v1/facts").POST(BodyPublishers.ofByteArray(facts)));
        // A stream has no length, so the body comes in chunks.
        print(client, request(args, "/v1/facts").POST(
                BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(facts))));
        print(client, request(args, "/v1/redemptions").POST(BodyPublishers.ofString(args[3])));
    }

    private static HttpRequest.Builder request(String[] args, String path) {
        return HttpRequest.newBuilder(URI.create(args[0] + path))
                .header("Authorization", "Bearer " + args[1])
                .header("Content-Type", "application/json");
    }

    private static void print(HttpClient client, HttpRequest.Builder request) throws Exception {
        HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
        System.out.println(response.statusCode() + " " + response.body());
    }
}
