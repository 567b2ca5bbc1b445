-- Users, organizations, memberships, roles and permissions. Users need no idempotency key, as their e-mail addresses
-- are unique.

CREATE TABLE organizations (
    id          uuid PRIMARY KEY,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);

CREATE TABLE users (
    id             uuid PRIMARY KEY,
    email          text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    password_hash  text NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
);
-- Addresses are stored as entered and compared ignoring case.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TABLE roles (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    key              text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_-]{0,39}$'),
    name             text NOT NULL,
    created_at       timestamptz NOT NULL,
    UNIQUE (organization_id, key)
);

CREATE TABLE permissions (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    role_id          uuid NOT NULL REFERENCES roles ON DELETE CASCADE,
    action           text NOT NULL,
    subject          text NOT NULL,
    only_own         boolean NOT NULL DEFAULT false,
    UNIQUE (role_id, action, subject)
);
CREATE INDEX permissions_organization_idx ON permissions (organization_id);

CREATE TABLE memberships (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id          uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- A role that has members cannot be deleted.
    role_id          uuid NOT NULL REFERENCES roles ON DELETE RESTRICT,
    created_at       timestamptz NOT NULL,
    UNIQUE (user_id, organization_id)
);
CREATE INDEX memberships_organization_idx ON memberships (organization_id);
CREATE INDEX memberships_role_idx ON memberships (role_id);

CREATE TABLE api_tokens (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id          uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name             text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    -- SHA-256 of the secret. The secret has 256 random bits, so a slow hash is not needed.
    token_hash       bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    scopes           text[] NOT NULL DEFAULT '{}',
    expires_at       timestamptz,
    last_used_at     timestamptz,
    created_at       timestamptz NOT NULL
);
CREATE INDEX api_tokens_organization_idx ON api_tokens (organization_id);
CREATE INDEX api_tokens_user_idx ON api_tokens (user_id, id);
