//! The operating system user that runs the engines. PostgreSQL refuses to run as root, and the other engines do not
//! need it.

use std::path::Path;

use super::EngineError;

/// A user other than the current one.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// The user that runs the engines when this process runs as root; otherwise `None`, and the engines run as the current
/// user.
pub(super) fn unprivileged() -> Result<Option<Account>, EngineError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let passwd = std::fs::read_to_string("/etc/passwd").map_err(EngineError::file("read", "/etc/passwd"))?;
    ["postgres", "nobody"].iter().find_map(|name| find(&passwd, name)).map(Some).ok_or(EngineError::NoAccount)
}

fn find(passwd: &str, wanted: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, _password, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        (name == wanted).then(|| {
            Some(Account { name: name.to_owned(), uid: uid.parse().ok()?, gid: gid.parse().ok()? })
        })?
    })
}

impl Account {
    /// Whether this user may enter `folder` and every folder above it.
    pub(super) fn reaches(&self, folder: &Path) -> bool {
        folder.ancestors().all(|step| self.passes(step))
    }

    fn passes(&self, folder: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let Ok(metadata) = std::fs::metadata(folder) else { return false };
        let bit = if metadata.uid() == self.uid {
            0o100
        } else if metadata.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        metadata.mode() & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533::/nonexistent:/usr/sbin/nologin\n";

    #[test]
    fn reads_user_and_group_of_the_wanted_account() {
        let account = find(PASSWD, "nobody").unwrap();
        assert_eq!((account.uid, account.gid), (65534, 65533));
    }

    #[test]
    fn an_unknown_account_is_none() {
        assert!(find(PASSWD, "postgres").is_none());
    }
}
