//! Mail providers on the command line.

/// A provider's name and its domains.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    pub(crate) name: String,
    pub(crate) domains: Vec<String>,
}

/// `acme=acme.example,acme.example.net`.
pub(crate) fn provider(text: &str) -> Result<Provider, String> {
    let form = || format!("`{text}` names no provider: `acme=acme.example,acme.example.net` does");
    let (name, domains) = text.split_once('=').ok_or_else(form)?;
    let domains: Vec<_> = domains.split(',').map(|domain| domain.trim().to_owned()).collect();
    if name.trim().is_empty() || domains.iter().any(String::is_empty) {
        return Err(form());
    }
    Ok(Provider { name: name.trim().to_owned(), domains })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_a_name_and_domains() {
        let acme = provider("acme=acme.example, acme.example.net").unwrap();
        assert_eq!((acme.name.as_str(), acme.domains.len()), ("acme", 2));
        for wrong in ["", "acme", "acme=", "=acme.example", "acme=a.example,,b.example"] {
            assert!(provider(wrong).is_err(), "{wrong}");
        }
    }
}
