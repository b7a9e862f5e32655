// Verifies a provider by a pact file, with the verifier of pact-js.
//
//   node verify.js PACT-FILE PROVIDER-URL
//
// The tokens come from FMASPEC_TOKEN, FMASPEC_UNPRIVILEGED_TOKEN,
// FMASPEC_SECURITY_ADMIN_TOKEN and FMASPEC_GLOBAL_ADMIN_TOKEN. Ends with 1 where the
// provider does not honour the pact.
"use strict";
const http = require("node:http");
const pact = require("@pact-foundation/pact-core").default;

// What each provider state puts into requests.
const states = {
  "machine exists": { machine: "fb9ab6be3965095a09c057be7c90f0a2" },
  "token of a user who may act": { token: process.env.FMASPEC_TOKEN },
  "token of a user without the roles": { unprivilegedToken: process.env.FMASPEC_UNPRIVILEGED_TOKEN },
  "token of a user who is security administrator alone": { securityAdminToken: process.env.FMASPEC_SECURITY_ADMIN_TOKEN },
  "token of a user who is global administrator alone": { globalAdminToken: process.env.FMASPEC_GLOBAL_ADMIN_TOKEN },
};

// A server for the verifier to bring the provider into a state. One that is not
// known is an error: a verification that passed all the same would prove nothing.
const setUp = http.createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    const { state } = JSON.parse(body);
    response.writeHead(state in states ? 200 : 500, { "content-type": "application/json" });
    response.end(JSON.stringify(states[state] ?? { error: `the state ${state} is unknown; add it to verify.js` }));
  });
});

setUp.listen(0, "127.0.0.1", async () => {
  const [file, url] = process.argv.slice(2);
  try {
    await pact.verifyPacts({
      provider: "file-machine-actions",
      providerBaseUrl: url,
      pactUrls: [file],
      providerStatesSetupUrl: `http://127.0.0.1:${setUp.address().port}/`,
      providerStatesSetupBody: true,
      failIfNoPactsFound: true,
      logLevel: "error",
    });
  } catch (error) {
    console.error(`pact: ${error.message ?? error}`);
    process.exitCode = 1;
  }
  setUp.close();
});
