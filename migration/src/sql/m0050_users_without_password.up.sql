-- A user without a password cannot sign in with one. The demo user had a known password.
ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;
UPDATE users SET password_hash = NULL WHERE lower(email) = 'demo@triptych.local';
