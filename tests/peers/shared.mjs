// What the hand-written peers have in common: the schema and the process's settings. PostgreSQL's address is in the
// variables that `pg` reads by itself (PGHOST, PGPORT, PGUSER, PGDATABASE).

import { readFile } from 'node:fs/promises';
import { GraphQLScalarType } from 'graphql';

export const typeDefs = await readFile(new URL('schema.graphql', import.meta.url), 'utf8');

export const port = Number(process.env.PORT);
export const poolSize = Number(process.env.POOL_SIZE);

export const DateTime = new GraphQLScalarType({
  name: 'DateTime',
  serialize: (value) => value.toISOString(),
});

/** The tenant of a request. The peers trust the header: none of them looks up a session. */
export const organizationOf = (headers) => headers['x-organization'];
