// Reads all orders of a project with the vendor's `process` and prints their ids and numbers as JSON.
// Arguments: base URL, project key, client id, client secret, limit.
import { ClientBuilder, Process } from "@commercetools/ts-client";

const [host, projectKey, clientId, clientSecret, limit] = process.argv.slice(2);

new ClientBuilder()
  .withClientCredentialsFlow({
    host,
    projectKey,
    credentials: { clientId, clientSecret },
    scopes: [`view_orders:${projectKey}`],
    httpClient: fetch,
  })
  .withHttpMiddleware({ host, httpClient: fetch })
  .build();
const pages = [];
const orders = await Process(
  { uri: `/${projectKey}/orders?limit=${limit}`, method: "GET" },
  async ({ body, headers }) => {
    const sent = Number(headers["content-length"]);
    pages.push({ count: body.count, size: JSON.stringify(body).length, sent });
    return body.results.map(({ id, orderNumber }) => ({ id, orderNumber }));
  },
);
console.log(JSON.stringify({ pages, orders }));
