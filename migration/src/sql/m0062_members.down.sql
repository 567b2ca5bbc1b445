DROP TABLE invitations;
DROP INDEX roles_name_key;
DROP INDEX memberships_organization_idx;
CREATE INDEX memberships_organization_idx ON memberships (organization_id);
