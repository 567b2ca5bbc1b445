-- Sessions of an earlier epoch are invalid: a new epoch begins when a user changes the password or signs out everywhere.
ALTER TABLE users ADD COLUMN session_epoch integer NOT NULL DEFAULT 0;

-- The token that made a token. A token ends with its maker.
ALTER TABLE api_tokens ADD COLUMN maker_id uuid REFERENCES api_tokens ON DELETE CASCADE;
CREATE INDEX api_tokens_maker_idx ON api_tokens (maker_id);
