-- Writes the grants of built-in roles as rows again, as they were before.
INSERT INTO permissions (id, organization_id, role_id, action, subject, only_own)
SELECT gen_random_uuid(), r.organization_id, r.id, g.action, g.subject, g.only_own
FROM roles r JOIN (VALUES
    ('owner', 'manage', 'organization', false),
    ('owner', 'manage', 'api_token', false),
    ('owner', 'manage', 'flow', false),
    ('owner', 'manage', 'execution', false),
    ('owner', 'manage', 'credential', false),
    ('owner', 'manage', 'datastore', false),
    ('owner', 'manage', 'thread', true),
    ('owner', 'manage', 'queue', false),
    ('member', 'read', 'organization', false),
    ('member', 'manage', 'api_token', true),
    ('member', 'read', 'flow', false),
    ('member', 'create', 'flow', false),
    ('member', 'update', 'flow', true),
    ('member', 'delete', 'flow', true),
    ('member', 'publish', 'flow', true),
    ('member', 'run', 'flow', false),
    ('member', 'read', 'execution', false),
    ('member', 'manage', 'execution', true),
    ('member', 'read', 'credential', false),
    ('member', 'manage', 'credential', true),
    ('member', 'manage', 'datastore', false),
    ('member', 'manage', 'thread', true),
    ('member', 'read', 'queue', false),
    ('viewer', 'read', 'organization', false),
    ('viewer', 'manage', 'api_token', true),
    ('viewer', 'read', 'flow', false),
    ('viewer', 'read', 'execution', false),
    ('viewer', 'read', 'queue', false)
) AS g (key, action, subject, only_own) ON g.key = r.key
ON CONFLICT (role_id, action, subject) DO NOTHING;
