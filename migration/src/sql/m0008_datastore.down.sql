DROP TABLE datastore_items;
