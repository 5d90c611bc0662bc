// Opens the docs page in headless Chromium, sends a request from it, prints the results as JSON.
// Arguments: URL of the page, Api-Key, file for a screenshot.
import { existsSync } from "node:fs";
import { chromium as browsers } from "playwright-core";

const [url, apiKey, screenshot] = process.argv.slice(2);
// With this variable the package unpacks the libraries that the browser needs.
process.env.AWS_LAMBDA_JS_RUNTIME = "nodejs20.x";
const { default: chromium } = await import("@sparticuz/chromium");
const isPackaged = process.platform === "linux" && process.arch === "x64";
const installed = ["/usr/bin/chromium", "/usr/bin/google-chrome", process.env.CHROMIUM].find(
  (path) => path && existsSync(path),
);
if (!installed && !isPackaged) {
  throw new Error("Chromium is missing: install it, or set CHROMIUM to the path of a browser.");
}
const executablePath = installed ?? (await chromium.executablePath());
const browser = await browsers.launch({ executablePath, args: chromium.args, headless: true });
const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
const errors = [];
const requests = [];
page.on("pageerror", (error) => errors.push(String(error)));
page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
page.on("request", (request) => requests.push(request.url()));

await page.goto(url);
await page.waitForSelector(".opblock", { timeout: 30_000 });
const operations = await page.locator(".opblock").count();
const title = await page.locator(".info .title").innerText();

await page.locator("button.authorize").first().click();
const scheme = page.locator(".auth-container", { hasText: "apiKey" });
await scheme.locator("input").fill(apiKey);
await scheme.getByRole("button", { name: "Apply credentials" }).click();
await page.locator(".close-modal").click();

const block = page.locator("#operations-Yandex\\ Market-listOrders, [id$='-listOrders']").first();
await block.locator("button.opblock-summary-control").click();
await block.locator("button.execute").click();
const answered = block.locator(".live-responses-table tr.response");
await answered.waitFor({ timeout: 30_000 });
const status = await answered.locator(".response-col_status").innerText();
const sent = await block.locator(".request-url pre").innerText();
await page.screenshot({ path: screenshot });
await browser.close();
console.log(JSON.stringify({ title, operations, status, sent, errors, requests }));
