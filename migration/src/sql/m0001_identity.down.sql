DROP TABLE api_tokens, memberships, permissions, roles, users, organizations;
