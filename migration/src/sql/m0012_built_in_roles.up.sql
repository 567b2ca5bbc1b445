-- What a built-in role allows is code; only the grants of an organization's own roles are rows.
DELETE FROM permissions p USING roles r WHERE r.id = p.role_id AND r.key IN ('owner', 'member', 'viewer');
