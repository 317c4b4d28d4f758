// Lets npm's samlp answer one of our requests. Reads JSON: the request, the address to answer, and samlp's options.
// Writes what the provider's page would post. Nothing listens: its middleware gets what a web server would hand it.
const { readFileSync } = require("node:fs");
const samlp = require("samlp");

const { request, acs, user, ...options } = JSON.parse(readFileSync(0, "utf8"));

const fail = (error) => {
  console.error(error);
  process.exit(1);
};

const answer = samlp.auth({
  ...options,
  recipient: acs,
  destination: acs,
  getPostURL: (_audience, _document, _request, done) => done(null, acs),
  responseHandler: (response) => process.stdout.write(response.toString("base64")),
});

answer({ method: "GET", query: { SAMLRequest: request }, user }, { send: fail, set: () => {} }, fail);
