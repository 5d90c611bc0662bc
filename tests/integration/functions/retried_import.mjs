// Imports an order with the vendor's SDK and its own retries. Prints the status and the order as JSON.
// Arguments: base URL, project key, client id, client secret, order number, idempotency key or nothing.
import { ClientBuilder } from "@commercetools/ts-client";
import { createApiBuilderFromCtpClient } from "@commercetools/platform-sdk";

const [host, projectKey, clientId, clientSecret, orderNumber, key] = process.argv.slice(2);

// The SDK repeats a request that was aborted. An answer that was cut off counts as that.
async function wholeAnswer(url, options) {
  const response = await fetch(url, options);
  try {
    return new Response(await response.text(), response);
  } catch {
    throw new DOMException("The answer was cut off", "AbortError");
  }
}

const client = new ClientBuilder()
  .withClientCredentialsFlow({
    host,
    projectKey,
    credentials: { clientId, clientSecret },
    scopes: [`manage_orders:${projectKey}`],
    httpClient: fetch,
  })
  .withHttpMiddleware({
    host,
    httpClient: wholeAnswer,
    enableRetry: true,
    retryConfig: { maxRetries: 5, retryDelay: 10, backoff: false, retryCodes: [409, 502, 504] },
  })
  .build();
const project = createApiBuilderFromCtpClient(client).withProjectKey({ projectKey });
const amount = { currencyCode: "USD", centAmount: 100 };
const item = { name: { en: "Mug" }, variant: { sku: "mug" }, quantity: 1, price: { value: amount } };
const body = { orderNumber, totalPrice: amount, lineItems: [item] };
const headers = key ? { "Idempotency-Key": key } : {};
try {
  const imported = await project.orders().importOrder().post({ body, headers }).execute();
  console.log(JSON.stringify({ status: imported.statusCode, order: imported.body }));
} catch (error) {
  console.log(JSON.stringify({ status: error.statusCode, order: error.body }));
}
