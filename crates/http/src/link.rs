//! What is used of addresses that name the next page. The rest of them is not: they may name another host, or http
//! behind a TLS front, and the key must not go there.

/// The address with `rel="next"` in the `Link` headers of an answer (RFC 8288). Ask it for its [`parameter`].
pub fn next_link<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    headers.into_iter().find_map(|header| links(header).find(|(_, rest)| is_next(rest)).map(|(url, _)| url))
}

/// Each `<address>` with the parameters after it. Addresses may hold commas and semicolons.
fn links(header: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = header;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once('<')?;
        let (url, after) = after.split_once('>')?;
        let end = after.find('<').unwrap_or(after.len());
        rest = &after[end..];
        Some((url, after[..end].trim_end_matches([',', ' ', '\t'])))
    })
}

/// A relation is one word or, in quotes, several.
fn is_next(parameters: &str) -> bool {
    parameters.split(';').filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("rel")
            && value.trim().trim_matches('"').split_whitespace().any(|word| word.eq_ignore_ascii_case("next"))
    })
}

/// A parameter in the query of an address.
pub fn parameter(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let query = query.split('#').next().unwrap_or(query);
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(other, _)| other == name)
        .map(|(_, value)| value.into_owned())
}

/// The page number in the address of a next page: its parameter `page`.
pub fn page_of_next(next: &str) -> Option<u32> {
    parameter(next, "page")?.parse().ok().filter(|number| *number >= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_number_of_a_next_url_is_used() {
        assert_eq!(page_of_next("http://evil.example/x?cursor=9&page=3#page=7"), Some(3));
        assert_eq!(page_of_next("?page=2"), Some(2));
        assert_eq!(page_of_next("https://a.example/?page=0"), None);
        assert_eq!(page_of_next("https://a.example/page=4"), None);
        assert_eq!(
            parameter("https://a.example/?after=Y3Vyc29y%3D%3D", "after").as_deref(),
            Some("Y3Vyc29y==")
        );
    }

    #[test]
    fn the_next_link_is_found_among_others() {
        let next = |header| next_link([header]);
        let many = r#"<https://a/?page=1>; rel="prev", <https://a/?page=3>; rel="next", <https://a/?page=9>; rel=last"#;
        assert_eq!(next(many), Some("https://a/?page=3"));
        assert_eq!(next("<https://a/?a,b;c=2>; title=x; REL=Next"), Some("https://a/?a,b;c=2"));
        assert_eq!(next(r#"<https://a/?page=2>; rel="last next""#), Some("https://a/?page=2"));
        for none in ["", "<https://a/>", "<https://a/>; rel=nextish", "<https://a/; rel=next", "rel=next"] {
            assert_eq!(next(none), None, "{none}");
        }
        assert_eq!(next_link(["<https://a/1>; rel=prev", "<https://a/2>; rel=next"]), Some("https://a/2"));
    }
}
