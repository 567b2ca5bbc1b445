DROP TABLE flow_versions, flows CASCADE;
