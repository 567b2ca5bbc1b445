//! The data loader of credentials.

use triptych_entities::{ids::CredentialId, relational::automation::credential};

use super::Credential;
use crate::{
    context::Batch,
    node::{Fetched, NodeType},
};

impl NodeType for Credential {
    type Id = CredentialId;
    type Row = credential::Model;
    const NOUN: &'static str = "credential";

    async fn fetch(batch: &Batch, ids: &[CredentialId]) -> Fetched<Self::Row> {
        batch.services.credentials.by_ids(&batch.actor, ids).await
    }

    fn id_of(row: &Self::Row) -> CredentialId {
        row.id
    }

    fn new(row: Self::Row) -> Self {
        row.into()
    }
}
