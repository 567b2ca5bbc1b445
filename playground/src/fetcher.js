import { Kind, parse } from 'graphql';
import { request } from './http.js';
import { fillPlaceholders } from './latest.js';
import { watch } from './watch.js';

/**
 * What GraphiQL calls for every operation: queries and mutations go over HTTP, subscriptions over a WebSocket.
 * Both fill the placeholders in the variables first, so that a saved operation runs without copying an id.
 */
export async function fetcher({ query, variables, operationName }, { headers } = {}) {
  const operation = chosenOperation(query, operationName);
  try {
    const payload = { query, variables: fillPlaceholders(variables), operationName: operation?.name?.value };
    return operation?.operation === 'subscription' ? watch(payload, headers) : await request(payload, headers);
  } catch (error) {
    // GraphiQL prints the stack of what is thrown; ours are sentences for the reader.
    error.stack = undefined;
    throw error;
  }
}

/**
 * For a moment after a tab is opened, GraphiQL still passes the name and the parsed document of the tab before it; so
 * the text decides. A document that does not parse is the server's to refuse, with its own message.
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
