import { Kind, parse } from 'graphql';
import { request } from './http.js';
import { fillPlaceholders } from './latest.js';
import { watch } from './watch.js';

/**
 * Executes an operation for GraphiQL: queries and mutations over HTTP, subscriptions over a WebSocket. Replaces the
 * placeholders in the variables first, so that a saved operation runs without copying ids.
 */
export async function fetcher({ query, variables, operationName }, { headers } = {}) {
  const operation = chosenOperation(query, operationName);
  try {
    const payload = { query, variables: fillPlaceholders(variables), operationName: operation?.name?.value };
    return operation?.operation === 'subscription' ? watch(payload, headers) : await request(payload, headers);
  } catch (error) {
    // GraphiQL prints the stack of an error; the message is enough.
    error.stack = undefined;
    throw error;
  }
}

/**
 * Finds the operation in the text, as GraphiQL passes the name of the previous tab's operation right after a tab is
 * opened. A document that does not parse is sent as it is, and the server reports the error.
 */
function chosenOperation(query, operationName) {
  let operations;
  try {
    operations = parse(query).definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  } catch {
    return undefined;
  }
  return operations.find((operation) => operation.name?.value === operationName) ?? operations[0];
}
