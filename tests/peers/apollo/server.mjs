// Apollo Server with Objection and DataLoader.

import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import createKnex from 'knex';
import { Model, knexSnakeCaseMappers } from 'objection';
import { DateTime, organizationOf, poolSize, port, typeDefs } from '../shared.mjs';
import { loaders } from './loaders.mjs';
import { Flow } from './models.mjs';

const knex = createKnex({
  client: 'pg',
  connection: {},
  pool: { min: poolSize, max: poolSize },
  ...knexSnakeCaseMappers(),
});
Model.knex(knex);

const resolvers = {
  DateTime,
  Query: {
    flows: async (_, { first }, { organizationId }) => ({
      nodes: await Flow.query()
        .select(Flow.columns)
        .where({ organizationId })
        .orderBy([{ column: 'createdAt', order: 'desc' }, { column: 'id', order: 'desc' }])
        .limit(first),
    }),
  },
  Flow: {
    draft: (flow, _, { loaders }) => loaders.versions.load(flow.draftVersionId),
    executions: async (flow, { first }, { loaders }) => ({ nodes: await loaders.executions(first).load(flow.id) }),
  },
  FlowVersion: {
    steps: (version, _, { loaders }) => loaders.steps.load(version.id),
  },
  Step: {
    credential: (step, _, { loaders }) => step.credentialId && loaders.credentials.load(step.credentialId),
  },
};

// With NODE_ENV=production: no introspection, no stack traces in answers. The defaults keep parsed documents in memory.
const server = new ApolloServer({ typeDefs, resolvers });
await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port },
  context: async ({ req }) => {
    const organizationId = organizationOf(req.headers);
    return { organizationId, loaders: loaders(organizationId) };
  },
});
