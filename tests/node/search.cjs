// Searches claims with Google's published client: node search.cjs ADDRESS PARAMETERS
// ADDRESS is the service's, PARAMETERS are those of claims.search, as JSON.
// Prints {"status", "data"} of the answer, or {"status", "error"} as the client has understood it.
const { factchecktools } = require("@googleapis/factchecktools");

const [address, parameters] = process.argv.slice(2);
const client = factchecktools({ version: "v1alpha1", rootUrl: `${address}/`, auth: "any-key" });

client.claims.search(JSON.parse(parameters)).then(
  ({ status, data }) => console.log(JSON.stringify({ status, data })),
  ({ status, code, message }) => console.log(JSON.stringify({ status: status ?? code, error: message })),
);
