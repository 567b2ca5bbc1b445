-- Users without a password get the hash of none: salt and hash are random.
UPDATE users SET password_hash = '$argon2id$v=19$m=19456,t=2,p=1$'
    || rtrim(encode(uuid_send(gen_random_uuid()), 'base64'), '=') || '$'
    || rtrim(encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'), '=')
    WHERE password_hash IS NULL;
ALTER TABLE users ALTER COLUMN password_hash SET NOT NULL;
