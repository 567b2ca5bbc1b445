/**
 * The operations of ../operations in the order of their file names: `query` with its comments, and `variables` from the
 * JSON file of the same name. A test validates the files against the schema.
 */
const documents = import.meta.glob('../operations/*.graphql', { query: '?raw', import: 'default', eager: true });
const variables = import.meta.glob('../operations/*.json', { query: '?raw', import: 'default', eager: true });

export const savedOperations = Object.keys(documents)
  .sort()
  .map((path) => ({
    name: /(?:query|mutation|subscription) (\w+)/.exec(documents[path].replace(/^#.*$/gm, ''))[1],
    summary: documents[path].split(/^(?:#\s*$|[^#])/m, 1)[0].replace(/^# /gm, ''),
    query: documents[path].trimEnd(),
    variables: (variables[path.replace(/\.graphql$/, '.json')] ?? '').trimEnd(),
  }));
