// Calls a project with the vendor's TypeScript SDK and prints the results as JSON.
// Arguments: base URL, project key, client id, client secret, order number.
import { connect } from "./project.mjs";

const [host, projectKey, clientId, clientSecret, orderNumber] = process.argv.slice(2);

function project(scopes, secret = clientSecret) {
  return connect({ host, projectKey, clientId, clientSecret: secret }, scopes);
}

const draft = {
  orderNumber,
  totalPrice: { currencyCode: "USD", centAmount: 1990 },
  customerEmail: "buyer@example.com",
  lineItems: [
    {
      name: { en: "Mug" },
      variant: { sku: "mug" },
      quantity: 2,
      price: { value: { currencyCode: "USD", centAmount: 995 } },
      taxRate: { name: "VAT", amount: 0.19, includedInPrice: true, country: "DE" },
    },
  ],
};

async function result(call) {
  try {
    const { statusCode, body } = await call();
    return { statusCode, body };
  } catch (error) {
    const { name, code, statusCode, message, body } = error;
    return { failed: true, name, code, statusCode, message, body };
  }
}

const shop = project(["manage_orders", "view_messages"]);
const viewer = project(["view_orders"]);
const orders = shop.orders();
const imported = await result(() => orders.importOrder().post({ body: draft }).execute());
const id = imported.body?.id ?? "none";
const byId = { ID: id };
const number = { orderNumber };
const where = `type="OrderImported" and resource(id="${id}")`;
const bad = { ...draft, orderNumber: "bad", orderState: "Closed" };
const version = { queryArgs: { version: 1 } };
const steps = {
  imported: () => imported,
  byId: () => result(() => orders.withId(byId).get().execute()),
  byNumber: () => result(() => orders.withOrderNumber(number).get().execute()),
  head: () => result(() => orders.withId(byId).head().execute()),
  listed: () =>
    result(() => orders.get({ queryArgs: { where: `orderNumber="${orderNumber}"` } }).execute()),
  messages: () => result(() => shop.messages().get({ queryArgs: { where } }).execute()),
  duplicate: () => result(() => orders.importOrder().post({ body: draft }).execute()),
  bad: () => result(() => orders.importOrder().post({ body: bad }).execute()),
  missing: () => result(() => orders.withOrderNumber({ orderNumber: "no/such order" }).get().execute()),
  wrongScope: () => result(() => viewer.orders().importOrder().post({ body: draft }).execute()),
  wrongSecret: () => result(() => project(["view_orders"], "wrong").orders().get().execute()),
  refusedScope: () => result(() => project(["manage_everything"]).orders().get().execute()),
  otherVersion: () =>
    result(() => orders.withId(byId).delete({ queryArgs: { version: 7 } }).execute()),
  deleted: () => result(() => orders.withId(byId).delete(version).execute()),
  gone: () => result(() => orders.withId(byId).get().execute()),
};
const shipped = {
  ...draft,
  orderNumber: `${orderNumber}, updated`,
  shippingInfo: {
    shippingMethodName: "Mail",
    price: draft.totalPrice,
    shippingRate: { price: draft.totalPrice },
  },
};
const second = await result(() => orders.importOrder().post({ body: shipped }).execute());
const ofSecond = { ID: second.body?.id ?? "none" };
const actions = [
  { action: "changeOrderState", orderState: "Confirmed" },
  { action: "setLocale", locale: "de-DE" },
  { action: "addDelivery", items: [{ id: second.body?.lineItems[0].id, quantity: 1 }] },
];
steps.updated = () =>
  result(() => orders.withId(ofSecond).post({ body: { version: 1, actions } }).execute());
steps.deletedUpdated = () =>
  result(() => orders.withId(ofSecond).delete({ queryArgs: { version: 2 } }).execute());
const seen = {};
for (const [name, step] of Object.entries(steps)) {
  seen[name] = await step();
}
console.log(JSON.stringify(seen));
