// Imports the drafts of standard input with the vendor's TypeScript SDK and reads each order again.
// Arguments: base URL, project key, client id, client secret, paths to expand. Prints the results as JSON.
import { connect } from "./project.mjs";

const [host, projectKey, clientId, clientSecret, ...expand] = process.argv.slice(2);
const project = connect({ host, projectKey, clientId, clientSecret }, ["manage_orders"]);
const orders = project.orders();
let text = "";
for await (const chunk of process.stdin) {
  text += chunk;
}
const seen = [];
for (const draft of JSON.parse(text)) {
  const imported = (await orders.importOrder().post({ body: draft }).execute()).body;
  const byId = orders.withId({ ID: imported.id });
  const read = (await byId.get().execute()).body;
  const expanded = (await byId.get({ queryArgs: { expand } }).execute()).body;
  seen.push({ imported, read, expanded });
}
console.log(JSON.stringify(seen));
