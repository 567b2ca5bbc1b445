// Mercurius's loaders: each is called once for all objects of its level. They are not cached, as its documentation
// recommends where objects are large: the cache's key would be the whole object as text.

import { pool } from './pool.mjs';

const grouped = (queries, idOf, rows, keyOf) => {
  const groups = new Map(queries.map((query) => [idOf(query), []]));
  for (const row of rows) groups.get(keyOf(row)).push(row);
  return queries.map((query) => groups.get(idOf(query)));
};

const rowsById = async (name, text, ids, organization) => {
  const { rows } = await pool.query({ name, text, values: [[...new Set(ids)], organization] });
  return new Map(rows.map((row) => [row.id, row]));
};

async function drafts(queries, { organization }) {
  const ids = queries.map(({ obj }) => obj.draftVersionId);
  const text = 'SELECT id, number FROM flow_versions WHERE id = ANY($1) AND organization_id = $2';
  const found = await rowsById('drafts', text, ids, organization);
  return ids.map((id) => found.get(id));
}

async function executions(queries, { organization }) {
  const first = Math.max(...queries.map(({ params }) => params.first));
  const { rows } = await pool.query({
    name: 'executions',
    text: `SELECT e.* FROM flows f CROSS JOIN LATERAL (
             SELECT id, flow_id AS "flowId", status, created_at AS "createdAt", finished_at AS "finishedAt"
             FROM executions WHERE flow_id = f.id ORDER BY id DESC LIMIT $3) e
           WHERE f.id = ANY($1) AND f.organization_id = $2`,
    values: [queries.map(({ obj }) => obj.id), organization, first],
  });
  const groups = grouped(queries, ({ obj }) => obj.id, rows, (row) => row.flowId);
  return groups.map((nodes, index) => ({ nodes: nodes.slice(0, queries[index].params.first) }));
}

async function steps(queries, { organization }) {
  const { rows } = await pool.query({
    name: 'steps',
    text: `SELECT id, version_id AS "versionId", key, name, operation, credential_id AS "credentialId"
           FROM steps WHERE version_id = ANY($1) AND organization_id = $2 ORDER BY version_id, position`,
    values: [queries.map(({ obj }) => obj.id), organization],
  });
  return grouped(queries, ({ obj }) => obj.id, rows, (row) => row.versionId);
}

async function credentials(queries, { organization }) {
  const ids = queries.map(({ obj }) => obj.credentialId);
  const wanted = ids.filter((id) => id !== null);
  if (wanted.length === 0) return ids;
  const text = 'SELECT id, name FROM credentials WHERE id = ANY($1) AND organization_id = $2';
  const found = await rowsById('credentials', text, wanted, organization);
  return ids.map((id) => found.get(id) ?? null);
}

const opts = { cache: false };

export const loaders = {
  Flow: { draft: { loader: drafts, opts }, executions: { loader: executions, opts } },
  FlowVersion: { steps: { loader: steps, opts } },
  Step: { credential: { loader: credentials, opts } },
};
