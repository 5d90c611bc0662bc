// Compares two OpenAPI descriptions, whose paths are the arguments; prints what changed, as JSON.
import { readFileSync } from "node:fs";
import { apiCompare } from "api-smart-diff";

const [before, after] = process.argv.slice(2, 4).map((path) => JSON.parse(readFileSync(path, "utf8")));
const { diffs } = apiCompare(before, after);
console.log(JSON.stringify(diffs.map(({ action, type, path, description }) => ({ action, type, path, description }))));
