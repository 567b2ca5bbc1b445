//! Checks that several sections need.

use super::{DatabaseUrl, problems::SectionProblems};

/// A hint that ends a message: the known name with the smallest edit distance, or all names when none is similar.
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

/// Levenshtein distance, computed row by row.
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

/// Requires a URL with a host and one of the schemes.
pub(super) fn database_url(
    problems: &mut SectionProblems<'_, '_>,
    key: &str,
    url: Option<&DatabaseUrl>,
    schemes: &[&str],
) {
    let Some(url) = url else { return };
    let fits = schemes.iter().any(|scheme| {
        url.expose()
            .strip_prefix(scheme)
            .and_then(|rest| rest.strip_prefix("://"))
            .is_some_and(|rest| !rest.is_empty())
    });
    problems.require(fits, key, &format!("a URL that begins with {}://", schemes.join(":// or ")));
}

/// Requires a URL of HTTP.
pub(super) fn web_url(problems: &mut SectionProblems<'_, '_>, key: &str, url: Option<&str>) {
    let fits = url
        .is_none_or(|url| reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")));
    problems.require(fits, key, "a URL that begins with http:// or https://");
}

/// Whether a text consists of letters, digits, `_` and `-` of ASCII, and is not empty.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_misspelt_name_suggests_the_nearest_one() {
        assert_eq!(nearest("bnid", &["bind", "body_limit"]), "; did you mean `bind`?");
        assert_eq!(nearest("zzz", &["bind"]), "; known are bind");
    }
}
