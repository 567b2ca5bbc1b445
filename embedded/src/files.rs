//! Files in folders that belong to the engines' user, written by this process, which may be root. They are created anew
//! and never opened through a link, as otherwise that user could direct a write of root to any file.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Creates a file that only its owner may read, in place of an existing one. A link is removed, not followed.
pub(super) fn create_anew(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // `create_new` fails for a file or a link that was created in between.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Reads a file, which must not be a link.
pub(super) fn read(path: &Path) -> io::Result<String> {
    use std::io::Read as _;
    let no_links = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).map_err(io::Error::other)?;
    let mut text = String::new();
    OpenOptions::new().read(true).custom_flags(no_links).open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_link_is_replaced_and_its_target_is_untouched() {
        let folder = std::env::temp_dir().join(format!("triptych-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (target, link) = (folder.join("target"), folder.join("link"));
        std::fs::write(&target, "before").unwrap();
        symlink(&target, &link).unwrap();
        assert!(read(&link).is_err());
        create_anew(&link).unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "before");
        let created = link.symlink_metadata().unwrap();
        assert!(created.is_file());
        assert_eq!(created.permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&link).unwrap(), "");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
