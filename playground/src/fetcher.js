import { getOperationAST } from 'graphql';
import { request } from './http.js';
import { fillPlaceholders } from './latest.js';
import { watch } from './watch.js';

/**
 * What GraphiQL calls for every operation: queries and mutations go over HTTP, subscriptions over a WebSocket.
 * Both fill the placeholders in the variables first, so that a saved operation runs without copying an id.
 */
export async function fetcher({ query, variables, operationName }, { headers, documentAST } = {}) {
  const payload = { query, variables: fillPlaceholders(variables), operationName };
  const operation = documentAST && getOperationAST(documentAST, operationName);
  return operation?.operation === 'subscription' ? watch(payload, headers) : request(payload, headers);
}
