// What every script here shares: asking, watching, asserting, reporting.
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

/** The first argument: where the server under test listens. */
export const baseUrl = new URL(process.argv[2] ?? fail('usage: node <script>.mjs <base url>'));
export const graphqlUrl = new URL('/graphql', baseUrl);
export const socketUrl = Object.assign(new URL(graphqlUrl), { protocol: baseUrl.protocol === 'https:' ? 'wss:' : 'ws:' });

/** Standard output is JSON lines, one a check, for the test that started us. */
export function report(check, details = {}) {
  process.stdout.write(`${JSON.stringify({ check, ok: true, ...details })}\n`);
}

export function fail(message) {
  throw new Error(message);
}

export function assert(condition, message) {
  if (!condition) fail(typeof message === 'function' ? message() : message);
}

/** Equal as JSON; the order of an object's fields means nothing. */
export function assertEqual(actual, expected, what) {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
  assert(a === e || isDeepStrictEqual(actual, expected), `${what}: expected ${e}, got ${a}`);
}

/** Runs the script; a failure is one JSON line, a readable message on standard error, and exit code 1. */
export async function main(script, { timeoutMs = 120_000 } = {}) {
  const tooLong = setTimeout(() => end(new Error(`not finished after ${timeoutMs} ms`)), timeoutMs);
  const end = (error) => {
    process.stdout.write(`${JSON.stringify({ check: 'failed', ok: false, message: error.message })}\n`);
    process.stderr.write(`${error.stack}\n${error.cause ? `because of ${error.cause}\n` : ''}`);
    process.exit(1);
  };
  try {
    await script();
  } catch (error) {
    end(error);
  }
  clearTimeout(tooLong);
  process.exit(0);
}

/** Rejects when `promise` takes longer: a script that waits for an event must say which one did not come. */
export function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing after ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** One GraphQL request over HTTP: `{ data, errors, status }`, whatever the answer. */
export async function ask(token, query, variables) {
  const response = await fetch(graphqlUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
  }).catch((cause) => {
    throw new Error(`no answer from ${graphqlUrl}`, { cause });
  });
  const text = await response.text();
  try {
    return { status: response.status, ...JSON.parse(text) };
  } catch {
    return fail(`the answer to ${query.slice(0, 60)}… is not JSON (${response.status}): ${text.slice(0, 300)}`);
  }
}

/** The data of an operation that must succeed. */
export async function gql(token, query, variables) {
  const { data, errors, status } = await ask(token, query, variables);
  assert(!errors && data, () => `${query.trim().slice(0, 80)}… failed (${status}): ${JSON.stringify(errors)}`);
  return data;
}

/** A new user in a new organization: nothing of another test is in sight. */
export async function signUp(who) {
  const unique = randomBytes(6).toString('hex');
  const input = {
    // Addresses are kept in lower case.
    email: `${who.toLowerCase()}-${unique}@example.com`,
    password: `correct horse ${unique}`,
    name: who,
    organizationName: `${who} & co ${unique}`,
  };
  const { signUp } = await gql(
    null,
    `mutation($input: SignUpInput!) {
      signUp(input: $input) { token expiresAt viewer { user { id email } organization { id name } } }
    }`,
    { input },
  );
  assertEqual(signUp.viewer.user.email, input.email, 'the signed-up user');
  assertEqual(signUp.viewer.organization.name, input.organizationName, 'the new organization');
  return { ...input, token: signUp.token, id: signUp.viewer.user.id, organizationId: signUp.viewer.organization.id };
}

/**
 * A graphql-ws client that authenticates in `connection_init`. `sockets` holds every socket it opened, so that a test
 * can cut one; `onMessage` sees each raw message.
 */
export function connect(token, options = {}) {
  const sockets = [];
  class Observed extends WebSocket {
    constructor(...args) {
      super(...args);
      sockets.push(this);
    }
  }
  const client = createClient({
    url: socketUrl.href,
    webSocketImpl: Observed,
    connectionParams: token ? { authorization: `Bearer ${token}` } : {},
    retryAttempts: 0,
    ...options,
  });
  return { client, sockets };
}

/** Why a subscription ended early, in words: an error, a list of GraphQL errors, or a closed socket. */
export function describe(error) {
  if (Array.isArray(error)) return error.map((e) => `${e.extensions?.code}: ${e.message}`).join('; ');
  return error.code ? `socket closed with ${error.code} ${error.reason}` : String(error.message ?? error);
}

/**
 * Subscribes and collects every event of the one root field. `done` resolves with the envelopes when the server
 * completes and rejects when it errs or the socket closes; `seen` fills as they come.
 */
export function watch(client, query, variables, onEvent = () => {}) {
  const seen = [];
  let stop;
  const done = new Promise((resolve, reject) => {
    stop = client.subscribe(
      { query, variables },
      {
        next({ data, errors }) {
          if (errors) return reject(Object.assign(new Error(describe(errors)), { errors }));
          const [envelope] = Object.values(data);
          seen.push(envelope);
          onEvent(envelope, seen);
        },
        error: (error) => reject(Object.assign(new Error(describe(error)), { errors: Array.isArray(error) ? error : [] })),
        complete: () => resolve(seen),
      },
    );
  });
  // The caller may look at `done` later; until then its failure is not an unhandled one.
  done.catch(() => {});
  return { seen, done, stop };
}

/** Sequence numbers start at `first` and leave none out. */
export function assertContiguous(envelopes, first, what) {
  envelopes.forEach(({ seq }, index) => assertEqual(seq, first + index, `${what}: seq of event ${index + 1}`));
}
