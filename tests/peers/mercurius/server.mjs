// Mercurius on Fastify, with its loaders and its JIT compiler.

import Fastify from 'fastify';
import mercurius from 'mercurius';
import { DateTime, organizationOf, port, typeDefs } from '../shared.mjs';
import { loaders } from './loaders.mjs';
import { pool } from './pool.mjs';

const resolvers = {
  DateTime,
  Query: {
    async flows(_, { first }, { organization }) {
      const { rows } = await pool.query({
        name: 'flows',
        text: `SELECT id, name, status, draft_version_id AS "draftVersionId" FROM flows
               WHERE organization_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2`,
        values: [organization, first],
      });
      return { nodes: rows };
    },
  },
};

const app = Fastify({ logger: false });
await app.register(mercurius, {
  schema: typeDefs,
  resolvers,
  loaders,
  // Compiles a document when it comes the second time.
  jit: 1,
  context: (request) => ({ organization: organizationOf(request.headers) }),
});
await app.listen({ host: '127.0.0.1', port });
