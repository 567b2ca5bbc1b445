-- Who changed what, from where. Rows are written with the changes that they record, and deleted by age.
CREATE TABLE audit_events (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    action           text NOT NULL CHECK (length(action) BETWEEN 1 AND 60),
    -- Null for what nobody signed in for, and after the user was deleted.
    user_id          uuid REFERENCES users ON DELETE SET NULL,
    -- Sessions are not in this database, and the record of a token outlives it.
    session_id       uuid,
    token_id         uuid,
    -- The id of the object, as in the API.
    target           text CHECK (length(target) <= 100),
    before           jsonb,
    after            jsonb,
    address          text CHECK (length(address) <= 45),
    user_agent       text CHECK (length(user_agent) <= 500),
    -- How often it happened. Some events, such as wrong passwords, are counted in one row for a period.
    count            integer NOT NULL DEFAULT 1 CHECK (count > 0),
    repeat_key       text CHECK (length(repeat_key) <= 200),
    created_at       timestamptz NOT NULL
);
CREATE INDEX audit_events_organization_idx ON audit_events (organization_id, id);
CREATE INDEX audit_events_user_idx ON audit_events (user_id, organization_id, id);
CREATE INDEX audit_events_action_idx ON audit_events (organization_id, action, id);
CREATE INDEX audit_events_target_idx ON audit_events (organization_id, target, id);
CREATE UNIQUE INDEX audit_events_repeat_key ON audit_events (organization_id, repeat_key) WHERE repeat_key IS NOT NULL;
