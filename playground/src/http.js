import { remember } from './latest.js';

/** Sends one GraphQL request over HTTP. Returns the response with its errors; throws when there is no response. */
export async function request(payload, headers) {
  const response = await fetch('/graphql', {
    method: 'POST',
    credentials: 'same-origin',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      ...headers,
    },
    body: JSON.stringify(payload),
  }).catch((cause) => {
    throw new Error('No response from the server. Is it running?', { cause });
  });
  const body = await response.text();
  let result;
  try {
    result = JSON.parse(body);
  } catch {
    throw new Error(`The server answered ${response.status} ${response.statusText}: ${body.slice(0, 500)}`);
  }
  remember(result.data);
  return result;
}
