//! The secret of MongoDB: the key by which the members of its replica set authenticate, and the password of its user. It
//! is in a file among the data, as a user is stored in the database and outlives a start.

use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;

use mongodb::bson::doc;
use mongodb::error::Error;
use mongodb::options::{AuthMechanism, Credential};
use mongodb::{Client, Database};

use super::command_code;
use crate::place::Place;
use crate::{EngineError, files, secret};

/// The user with whom the server connects.
const USER: &str = "triptych";
const USER_EXISTS: i32 = 51_003;

/// The secret and its file.
pub(super) struct Key {
    pub(super) file: PathBuf,
    secret: String,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Key {
    /// The key of earlier starts, or a new one. A lost file is replaced: the user then gets the new password.
    pub(super) fn open(place: &Place) -> Result<Self, EngineError> {
        let file = place.engine("mongo").join("triptych.key");
        let secret = match files::read(&file) {
            Ok(secret) if !secret.is_empty() => secret,
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(EngineError::file("read", &file)(error));
            }
            Ok(_) | Err(_) => {
                let secret = secret::generate()?;
                files::create_anew(&file)
                    .and_then(|mut created| created.write_all(secret.as_bytes()))
                    .map_err(EngineError::file("write", &file))?;
                secret
            }
        };
        place.give(&file)?;
        Ok(Self { file, secret })
    }

    /// The credential of a member of the set, which exists before any user.
    pub(super) fn of_member(&self) -> Credential {
        Credential::builder()
            .username("__system".to_owned())
            .password(self.secret.clone())
            .source("local".to_owned())
            .mechanism(AuthMechanism::ScramSha256)
            .build()
    }

    /// The URL with the user. A direct connection: the set has one node, and its configured address may be outdated.
    pub(super) fn url(&self, port: u16, database: &str) -> String {
        let secret = &self.secret;
        format!(
            "mongodb://{USER}:{secret}@127.0.0.1:{port}/{database}?directConnection=true&authSource=admin"
        )
    }

    /// Creates the user, or sets the password of the existing one.
    pub(super) async fn create_user(&self, client: &Client) -> Result<(), Error> {
        let admin: Database = client.database("admin");
        let create = doc! { "createUser": USER, "pwd": &self.secret, "roles": ["root"] };
        match admin.run_command(create).await {
            Err(error) if command_code(&error) == Some(USER_EXISTS) => {
                admin.run_command(doc! { "updateUser": USER, "pwd": &self.secret }).await?;
                Ok(())
            }
            created => created.map(|_| ()),
        }
    }
}
