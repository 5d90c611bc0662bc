// Connects to a project with the vendor's TypeScript SDK.
import { ClientBuilder } from "@commercetools/ts-client";
import { createApiBuilderFromCtpClient } from "@commercetools/platform-sdk";

export function connect({ host, projectKey, clientId, clientSecret }, scopes) {
  const client = new ClientBuilder()
    .withClientCredentialsFlow({
      host,
      projectKey,
      credentials: { clientId, clientSecret },
      scopes: scopes.map((scope) => `${scope}:${projectKey}`),
      httpClient: fetch,
    })
    .withHttpMiddleware({ host, httpClient: fetch })
    .build();
  return createApiBuilderFromCtpClient(client).withProjectKey({ projectKey });
}
