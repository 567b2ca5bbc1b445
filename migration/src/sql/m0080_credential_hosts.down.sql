ALTER TABLE credentials DROP COLUMN hosts;
