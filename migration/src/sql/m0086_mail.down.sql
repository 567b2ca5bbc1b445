ALTER TABLE invitations DROP COLUMN mail_refused, DROP COLUMN mail_error, DROP COLUMN mailed_at, DROP COLUMN mail_id;
DROP TABLE email_tokens;
DROP TABLE mails;
