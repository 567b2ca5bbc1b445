//! Checks that several sections need.

use super::DatabaseUrl;
use super::problems::Problems;

/// `; did you mean …` for the known name that is nearest, if one is near.
pub(super) fn nearest(name: &str, known: &[&str]) -> String {
    known
        .iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 2)
        .min()
        .map_or_else(
            || format!("; known are {}", known.join(", ")),
            |(_, candidate)| format!("; did you mean `{candidate}`?"),
        )
}

/// Levenshtein's, one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.chars().enumerate() {
            let substituted = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[row.len() - 1]
}

/// A URL of one of the schemes with something behind it.
pub(super) fn url(problems: &mut Problems<'_>, key: &str, url: Option<&DatabaseUrl>, schemes: &[&str]) {
    let Some(url) = url else { return };
    let fits = schemes.iter().any(|scheme| {
        url.expose()
            .strip_prefix(scheme)
            .and_then(|rest| rest.strip_prefix("://"))
            .is_some_and(|rest| !rest.is_empty())
    });
    problems.require(fits, key, &format!("a URL that begins with {}://", schemes.join(":// or ")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_key() {
        assert_eq!(nearest("bnid", &["bind", "body_limit"]), "; did you mean `bind`?");
        assert_eq!(nearest("zzz", &["bind"]), "; known are bind");
    }
}
