// GraphQL over HTTP: media types, status codes, limits, and no side effects for forms.
//   node http.mjs <base url>
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { assert, assertEqual, graphqlUrl, gql, main, report, signUp, within } from './client.mjs';

const GRAPHQL = 'application/graphql-response+json';
const JSON_TYPE = 'application/json';
const CODES = new Set([
  'UNAUTHENTICATED', 'FORBIDDEN', 'NOT_FOUND', 'BAD_USER_INPUT', 'CONFLICT', 'LIMIT_EXCEEDED', 'RATE_LIMITED',
  'UPSTREAM_FAILED', 'UNAVAILABLE', 'INTERNAL',
]);

await main(async () => {
  const { token } = await signUp('Http');
  await answersPosts();
  await answersGets();
  await refusesMutationsByGet(token);
  await refusesForms(token);
  await refusesWhatIsNotARequest();
  await refusesInvalidDocuments();
  await codesErrors(token);
  await limitsBodies();
  await limitsBatches();
  await limitsAliases();
});

/** One request; the body is sent as it is. */
async function send({ method = 'POST', query, headers = {}, body }) {
  const url = new URL(graphqlUrl);
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
  const response = await within(10_000, `${method} ${url.pathname}`, fetch(url, { method, headers, body, redirect: 'manual' }));
  const text = await response.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    // A refusal need not be JSON.
  }
  return { status: response.status, type: (response.headers.get('content-type') ?? '').split(';')[0], json, text };
}

function post(payload, { accept = GRAPHQL, ...headers } = {}) {
  return send({ headers: { 'content-type': JSON_TYPE, accept, ...headers }, body: JSON.stringify(payload) });
}

function bearer(token) {
  return { authorization: `Bearer ${token}` };
}

async function answersPosts() {
  const payload = {
    query: 'query A { a: __typename } query B($x: Boolean!) { b: __typename @include(if: $x) }',
    operationName: 'B',
    variables: { x: true },
    extensions: {},
  };
  for (const [accept, type] of [
    [GRAPHQL, GRAPHQL],
    [JSON_TYPE, JSON_TYPE],
    [`${GRAPHQL}, ${JSON_TYPE}`, GRAPHQL],
    ['*/*', null],
  ]) {
    const answer = await post(payload, { accept });
    assertEqual([answer.status, answer.json], [200, { data: { b: 'Query' } }], `POST, Accept: ${accept}`);
    if (type) assertEqual(answer.type, type, `the media type for Accept: ${accept}`);
  }
  const charset = await post({ query: '{ __typename }' }, { 'content-type': 'application/json; charset=utf-8' });
  assertEqual(charset.status, 200, 'POST with a charset');
  report('POST is answered in the accepted media type');
}

async function answersGets() {
  const answer = await send({
    method: 'GET',
    query: {
      query: 'query A { a: __typename } query B($x: Boolean!) { b: __typename @include(if: $x) }',
      operationName: 'B',
      variables: JSON.stringify({ x: true }),
    },
    headers: { accept: GRAPHQL },
  });
  assertEqual([answer.status, answer.json], [200, { data: { b: 'Query' } }], 'GET with operationName and variables');
  const missing = await send({ method: 'GET', headers: { accept: GRAPHQL } });
  assertEqual(missing.status, 400, 'GET without a query');
  report('GET is answered');
}

async function refusesMutationsByGet(token) {
  const name = `made by GET ${Date.now()}`;
  const answer = await send({
    method: 'GET',
    query: { query: `mutation { createFlow(input: { name: ${JSON.stringify(name)} }) { flow { id } } }` },
    headers: { accept: GRAPHQL, ...bearer(token) },
  });
  assertEqual(answer.status, 405, 'the status of a mutation by GET');
  await hasNoFlows(token, 'a mutation by GET');
  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    const other = await send({ method, headers: { 'content-type': JSON_TYPE }, body: '{"query":"{ __typename }"}' });
    assertEqual(other.status, 405, `the status of ${method}`);
  }
  report('405 for a mutation by GET and for other methods');
}

/** What a page of another site can send without asking first must do nothing. */
async function refusesForms(token) {
  const query = 'mutation { createFlow(input: { name: "forged" }) { flow { id } } }';
  const json = JSON.stringify({ query });
  const multipart = new FormData();
  multipart.set('operations', json);
  multipart.set('map', '{}');
  for (const [what, headers, body] of [
    ['text/plain', { 'content-type': 'text/plain' }, json],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, new URLSearchParams({ query })],
    ['a multipart form', {}, multipart],
    ['no content type', {}, new Blob([json])],
  ]) {
    const answer = await send({ headers: { accept: GRAPHQL, ...headers, ...bearer(token) }, body });
    assertEqual(answer.status, 415, `the status of a POST as ${what}`);
  }
  await hasNoFlows(token, 'a forged form');
  report('415 for what a form can send, and nothing is done');
}

async function hasNoFlows(token, what) {
  const { flows } = await gql(token, '{ flows(first: 1) { nodes { name } } }');
  assertEqual(flows.nodes, [], `flows after ${what}`);
}

async function refusesWhatIsNotARequest() {
  for (const accept of [GRAPHQL, JSON_TYPE]) {
    for (const [what, body] of [
      ['not JSON', '{"query":'],
      ['an empty body', ''],
      ['a string', '"{ __typename }"'],
      ['no query', '{}'],
      ['a query that is no string', '{"query":1}'],
      ['variables that are no object', '{"query":"{ __typename }","variables":"x"}'],
      ['an operationName that is no string', '{"query":"{ __typename }","operationName":{}}'],
      ['extensions that are no object', '{"query":"{ __typename }","extensions":0}'],
    ]) {
      const answer = await send({ headers: { 'content-type': JSON_TYPE, accept }, body });
      assertEqual(answer.status, 400, `the status of ${what} (Accept: ${accept})`);
      assert(!('data' in (answer.json ?? {})), `${what}: the answer has data`);
    }
  }
  report('400 for what is not a GraphQL request');
}

async function refusesInvalidDocuments() {
  for (const [what, payload] of [
    ['a document that does not parse', { query: '{' }],
    ['an unknown field', { query: '{ thisFieldIsNot }' }],
    ['a missing variable', { query: 'query($x: Boolean!) { __typename @include(if: $x) }' }],
    ['a variable of the wrong type', { query: 'query($x: Boolean!) { __typename @include(if: $x) }', variables: { x: 'yes' } }],
    ['an unknown operationName', { query: 'query A { __typename }', operationName: 'B' }],
  ]) {
    const strict = await post(payload, { accept: GRAPHQL });
    assertEqual([strict.status, strict.type], [400, GRAPHQL], `${what}, Accept: ${GRAPHQL}`);
    const legacy = await post(payload, { accept: JSON_TYPE });
    assertEqual([legacy.status, legacy.type], [200, JSON_TYPE], `${what}, Accept: ${JSON_TYPE}`);
    for (const { json } of [strict, legacy]) {
      assert(json.errors?.[0]?.message, `${what}: no error message`);
      assert(!('data' in json), `${what}: the answer has data`);
    }
  }
  report('invalid documents: 400 as application/graphql-response+json, 200 as application/json');
}

async function codesErrors(token) {
  const expected = [
    ['an unknown field', null, { query: '{ thisFieldIsNot }' }, 'BAD_USER_INPUT'],
    ['a document that does not parse', null, { query: '{' }, 'BAD_USER_INPUT'],
    ['a list without a session', null, { query: '{ flows(first: 1) { nodes { id } } }' }, 'UNAUTHENTICATED'],
    ['an id of the wrong kind', token, { query: '{ flow(id: "thread_01h2xcejqtf2nbrexx3vqjhp41") { id } }' }, 'BAD_USER_INPUT'],
    ['an id that is none', token, { query: '{ flow(id: "nonsense") { id } }' }, 'BAD_USER_INPUT'],
    ['an id of nothing', token, { query: '{ flow(id: "flow_01h2xcejqtf2nbrexx3vqjhp41") { id } }' }, 'NOT_FOUND'],
  ];
  for (const [what, who, payload, code] of expected) {
    const { json } = await post(payload, who ? bearer(who) : {});
    const actual = json?.errors?.[0]?.extensions?.code;
    assert(CODES.has(actual), () => `${what}: the code ${actual} is not of the list (${JSON.stringify(json)})`);
    assertEqual(actual, code, `the code of ${what}`);
  }
  report('errors carry their code');
}

async function limitsBodies() {
  const declared = await oversized({ 'content-length': 64 << 20 });
  assertEqual(declared, 413, 'the status of a request that declares 64 MiB');
  // Undeclared, the server has read up to its limit before it refuses; closing then may overtake its answer.
  const undeclared = await oversized({ 'transfer-encoding': 'chunked' });
  assert(undeclared === 413 || undeclared === 'closed', `64 MiB in chunks were answered ${undeclared}`);
  assertEqual((await post({ query: '{ __typename }' })).status, 200, 'the next request');
  report('413 for a body over the limit', { undeclared });
}

/** The status of a request of 64 MiB of blanks, or `closed`. Of a declared length only the first chunk is sent. */
function oversized(length) {
  const chunks = 'content-length' in length ? 1 : 1024;
  const outgoing = request(graphqlUrl, { method: 'POST', headers: { 'content-type': JSON_TYPE, ...length } });
  const status = new Promise((resolve) => {
    outgoing.on('response', (response) => resolve(response.statusCode));
    outgoing.on('error', () => resolve('closed'));
  });
  Readable.from(blanks(chunks)).pipe(outgoing, { end: chunks > 1 });
  return within(20_000, 'an oversized body', status).finally(() => outgoing.destroy());
}

function* blanks(chunks) {
  const chunk = Buffer.alloc(64 << 10, ' ');
  for (let i = 0; i < chunks; i += 1) yield chunk;
}

async function limitsBatches() {
  const pair = await post([{ query: '{ a: __typename }' }, { query: '{ b: __typename }' }]);
  if (pair.status === 200) {
    assertEqual(pair.json, [{ data: { a: 'Query' } }, { data: { b: 'Query' } }], 'a batch of two');
  } else {
    assertEqual(pair.status, 400, 'a refused batch');
  }
  const many = await post(Array.from({ length: 1_000 }, () => ({ query: '{ __typename }' })));
  assert(many.status === 400 || many.status === 413, `a batch of 1,000 was answered ${many.status}`);
  report('batches are limited', { ofTwo: pair.status, ofThousand: many.status });
}

async function limitsAliases() {
  const aliases = Array.from({ length: 1_000 }, (_, i) => `a${i}: viewer { user { id } }`).join(' ');
  const { status, json } = await post({ query: `{ ${aliases} }` });
  assert(json?.errors?.length && !json.data, `a thousand aliases were answered ${status}`);
  report('aliases are limited', { code: json.errors[0].extensions?.code });
}
