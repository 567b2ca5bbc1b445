-- The hosts that a credential may be sent to; null until its first use, which sets its host.
ALTER TABLE credentials ADD COLUMN hosts text[];
