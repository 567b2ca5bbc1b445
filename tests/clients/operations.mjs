// The playground's saved operations, against the schema: a renamed field must not be found out by a visitor.
//   node operations.mjs <schema.graphql>
import { readFileSync, readdirSync } from 'node:fs';
import { buildSchema, parse, specifiedRules, validate } from 'graphql';

const FOLDER = new URL('../../playground/operations/', import.meta.url);
const PLACEHOLDER = /^<latest (flow|execution|thread|message|generation)>$/;

const sdl = process.argv[2];
if (!sdl) throw new Error('usage: node operations.mjs <schema.graphql>');
const schema = buildSchema(readFileSync(sdl, 'utf8'));

const names = readdirSync(FOLDER);
const problems = names.filter((name) => name.endsWith('.graphql')).flatMap(problemsOf);
for (const name of names.filter((other) => other.endsWith('.json'))) {
  if (!names.includes(name.replace('.json', '.graphql'))) problems.push(`${name}: variables without an operation`);
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`${JSON.stringify({ check: 'saved operations', ok: problems.length === 0, problems })}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

function problemsOf(name) {
  const document = parse(readFileSync(new URL(name, FOLDER), 'utf8'));
  const invalid = validate(schema, document, specifiedRules).map((error) => {
    const [at] = error.locations ?? [];
    return `${name}:${at?.line}:${at?.column}: ${error.message}`;
  });
  return [...invalid, ...problemsOfVariables(name, document)];
}

/** Each variable in the JSON file is declared, each required one is there, each placeholder is one we fill. */
function problemsOfVariables(name, document) {
  const file = name.replace('.graphql', '.json');
  const given = names.includes(file) ? JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) : {};
  const declared = document.definitions.flatMap((definition) => definition.variableDefinitions ?? []);
  const undeclared = Object.keys(given)
    .filter((key) => !declared.some((variable) => variable.variable.name.value === key))
    .map((key) => `${file}: $${key} is not declared`);
  const missing = declared
    .filter((variable) => variable.type.kind === 'NonNullType' && !variable.defaultValue && !(variable.variable.name.value in given))
    .map((variable) => `${file}: $${variable.variable.name.value} is required`);
  const unknown = JSON.stringify(given)
    .match(/<latest[^>]*>/g)
    ?.filter((placeholder) => !PLACEHOLDER.test(placeholder))
    .map((placeholder) => `${file}: ${placeholder} is not a placeholder`);
  return [...undeclared, ...missing, ...(unknown ?? [])];
}
