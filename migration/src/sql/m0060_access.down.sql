ALTER TABLE api_tokens DROP COLUMN maker_id;
ALTER TABLE users DROP COLUMN session_epoch;
