//! `/openapi.json`, `/docs`: the API for people, rendered from the document
//! without any outside host, and `/problems/{code}`, where each problem leads.

use std::{collections::BTreeMap, sync::LazyLock};

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use runtime::Code;
use serde_json::Value;

use crate::{
    extract::Path,
    openapi,
    pages::table::Pages,
    problem::{Problem, title},
    web::{Page, PageError},
};

/// They are for anybody: they show nothing that is ours.
pub fn pages() -> Pages {
    Pages::default()
        .get("/openapi.json", document)
        .get("/docs", show)
        .get("/docs/style.css", style)
        .get("/problems/{code}", problem)
}

static JSON: LazyLock<String> = LazyLock::new(openapi::json);
static DOCS: LazyLock<Docs> = LazyLock::new(|| Docs::of(&JSON));

const STYLE: &str = include_str!("docs.css");

async fn document() -> Response {
    with_type("application/json", JSON.as_str())
}

async fn style() -> Response {
    with_type("text/css; charset=utf-8", STYLE)
}

fn with_type(media_type: &'static str, text: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

async fn show() -> Page<&'static Docs> {
    Page(&DOCS)
}

async fn problem(Path(name): Path<String>) -> Result<Page<ProblemPage>, PageError> {
    let code = Code::parse(&name).ok_or_else(|| Problem::new(Code::UnknownPath))?;
    Ok(Page(ProblemPage {
        title: title(code).into_owned(),
        code: code.name(),
        status: code.http(),
    }))
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title><link rel="stylesheet" href="/docs/style.css">
</head>
<body><main>
<h1>{{ title }}</h1>
<p>Problems of the code <code>{{ code }}</code> have the HTTP status {{ status }}.
What happened in your case is in their <code>detail</code> and <code>errors</code>.</p>
<p><a href="/docs">The whole API</a></p>
</main></body>
</html>"#
)]
struct ProblemPage {
    title: String,
    code: &'static str,
    status: u16,
}

/// The document as its page shows it.
#[derive(Debug, Template)]
#[template(
    ext = "html",
    source = r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}: the API</title><link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<nav aria-label="Endpoints">
<p><strong>{{ title }}</strong> <a href="/openapi.json">openapi.json</a></p>
{% for group in groups %}<h2>{{ group.name }}</h2>
<ul>{% for endpoint in group.endpoints %}
<li><a href="#{{ endpoint.id }}"><span class="method {{ endpoint.method }}">{{ endpoint.method }}</span> {{ endpoint.path }}</a></li>{% endfor %}
</ul>{% endfor %}
<h2>shapes</h2>
<ul>{% for shape in shapes %}<li><a href="#shape-{{ shape.name }}">{{ shape.name }}</a></li>{% endfor %}</ul>
</nav>
<main>
<h1>{{ title }}: the API</h1>
{% for paragraph in description %}<p>{% call say(paragraph) %}{% endcall %}</p>{% endfor %}
{% for group in groups %}<section>
<h2>{{ group.name }}</h2><p>{{ group.description }}</p>
{% for endpoint in group.endpoints %}<article id="{{ endpoint.id }}">
<h3><span class="method {{ endpoint.method }}">{{ endpoint.method }}</span> <code>{{ endpoint.path }}</code></h3>
<p><strong>{{ endpoint.summary }}</strong></p>
{% for paragraph in endpoint.description %}<p>{% call say(paragraph) %}{% endcall %}</p>{% endfor %}
{% if !endpoint.parameters.is_empty() %}<table>
<thead><tr><th>Parameter</th><th>In</th><th>Type</th><th>Means</th></tr></thead>
<tbody>{% for field in endpoint.parameters %}<tr><td><code>{{ field.name }}</code>{% if field.required %} <em>required</em>{% endif %}</td><td>{{ field.place }}</td><td>{% call shown(field.shape) %}{% endcall %}</td><td>{% call say(field.text) %}{% endcall %}</td></tr>{% endfor %}</tbody>
</table>{% endif %}
{% if let Some(body) = endpoint.body %}<p>Body: {% call shown(body) %}{% endcall %}</p>{% endif %}
<table>
<thead><tr><th>Answer</th><th>Body</th><th>Means</th></tr></thead>
<tbody>{% for answer in endpoint.answers %}<tr><td><code>{{ answer.status }}</code></td><td>{% if let Some(body) = answer.body %}{% call shown(body) %}{% endcall %}{% endif %}</td><td>{% call say(answer.text) %}{% endcall %}</td></tr>{% endfor %}</tbody>
</table>
</article>{% endfor %}
</section>{% endfor %}
<section>
<h2>Shapes</h2>
{% for shape in shapes %}<article id="shape-{{ shape.name }}">
<h3><code>{{ shape.name }}</code></h3>
{% for paragraph in shape.description %}<p>{% call say(paragraph) %}{% endcall %}</p>{% endfor %}
{% if !shape.values.is_empty() %}<p>One of {% for value in shape.values %}<code>{{ value }}</code>{% if !loop.last %}, {% endif %}{% endfor %}.</p>{% endif %}
{% if !shape.fields.is_empty() %}<table>
<thead><tr><th>Field</th><th>Type</th><th>Means</th></tr></thead>
<tbody>{% for field in shape.fields %}<tr><td><code>{{ field.name }}</code>{% if field.required %} <em>always</em>{% endif %}</td><td>{% call shown(field.shape) %}{% endcall %}</td><td>{% call say(field.text) %}{% endcall %}</td></tr>{% endfor %}</tbody>
</table>{% endif %}
</article>{% endfor %}
</section>
</main>
</body>
</html>
{% macro say(text) %}{% for part in text.0 %}{% if part.code %}<code>{{ part.text }}</code>{% else %}{{ part.text }}{% endif %}{% endfor %}{% endmacro %}
{% macro shown(shape) %}{{ shape.before }}{% if let Some(name) = shape.name %}<a href="#shape-{{ name }}">{{ name }}</a>{% endif %}{{ shape.after }}{% endmacro %}"##
)]
struct Docs {
    title: String,
    description: Vec<Prose>,
    groups: Vec<Group>,
    shapes: Vec<Shape>,
}

#[derive(Debug)]
struct Group {
    name: String,
    description: String,
    endpoints: Vec<Endpoint>,
}

#[derive(Debug)]
struct Endpoint {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: Vec<Prose>,
    parameters: Vec<Field>,
    body: Option<Type>,
    answers: Vec<Answer>,
}

#[derive(Debug)]
struct Answer {
    status: String,
    text: Prose,
    body: Option<Type>,
}

#[derive(Debug)]
struct Field {
    name: String,
    place: String,
    required: bool,
    shape: Type,
    text: Prose,
}

#[derive(Debug)]
struct Shape {
    name: String,
    description: Vec<Prose>,
    values: Vec<String>,
    fields: Vec<Field>,
}

/// "list of ", a shape to link to, " or nothing".
#[derive(Debug, Default)]
struct Type {
    before: String,
    name: Option<String>,
    after: String,
}

/// Text with `code` in it.
#[derive(Debug)]
struct Prose(Vec<Part>);

#[derive(Debug)]
struct Part {
    code: bool,
    text: String,
}

impl Prose {
    fn of(text: &str) -> Self {
        let parts = text.split('`').enumerate();
        Self(parts.map(|(at, text)| Part { code: at % 2 == 1, text: text.to_owned() }).collect())
    }
}

impl Docs {
    fn of(json: &str) -> Self {
        let document: Value = serde_json::from_str(json).unwrap_or_default();
        let mut endpoints: BTreeMap<String, Vec<Endpoint>> = BTreeMap::new();
        for (path, item) in members(&document["paths"]) {
            for (method, operation) in members(item).filter(|(_, value)| value.is_object()) {
                let group = text(&operation["tags"][0]);
                endpoints.entry(group).or_default().push(endpoint(path, method, operation));
            }
        }
        let groups = list(&document["tags"])
            .map(|tag| {
                let name = text(&tag["name"]);
                let endpoints = endpoints.remove(&name).unwrap_or_default();
                Group { description: text(&tag["description"]), endpoints, name }
            })
            .collect();
        let shapes = members(&document["components"]["schemas"])
            .map(|(name, schema)| shape(name, schema))
            .collect();
        let info = &document["info"];
        let description = paragraphs(&info["description"]);
        Self { title: text(&info["title"]), description, groups, shapes }
    }
}

fn endpoint(path: &str, method: &str, operation: &Value) -> Endpoint {
    let parameters = list(&operation["parameters"])
        .map(|parameter| Field {
            name: text(&parameter["name"]),
            place: text(&parameter["in"]),
            required: parameter["required"] == true,
            shape: kind(&parameter["schema"]),
            text: Prose::of(&text(&parameter["description"])),
        })
        .collect();
    let answers = members(&operation["responses"])
        .map(|(status, answer)| Answer {
            status: status.clone(),
            text: Prose::of(&text(&answer["description"])),
            body: body(answer),
        })
        .collect();
    Endpoint {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: paragraphs(&operation["description"]),
        parameters,
        body: body(&operation["requestBody"]),
        answers,
    }
}

fn body(of: &Value) -> Option<Type> {
    members(&of["content"]).next().map(|(_, content)| kind(&content["schema"]))
}

fn shape(name: &str, schema: &Value) -> Shape {
    // A shape may be put together of several.
    let parts: Vec<&Value> = std::iter::once(schema).chain(list(&schema["allOf"])).collect();
    let mut fields = Vec::new();
    for part in parts.iter().copied().chain(list(&schema["oneOf"])) {
        let required: Vec<String> = list(&part["required"]).map(text).collect();
        for (name, property) in members(&part["properties"]) {
            fields.push(Field {
                required: required.contains(name) && schema["oneOf"].is_null(),
                name: name.clone(),
                place: String::new(),
                shape: kind(property),
                text: Prose::of(&text(&property["description"])),
            });
        }
    }
    Shape {
        name: name.to_owned(),
        description: paragraphs(&schema["description"]),
        values: list(&schema["enum"]).map(text).collect(),
        fields,
    }
}

fn kind(schema: &Value) -> Type {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().map(str::to_owned);
        return Type { name, ..Type::default() };
    }
    let choices = ["oneOf", "anyOf"].iter().find_map(|key| schema[*key].as_array());
    if let Some(choices) = choices {
        let something: Vec<&Value> =
            choices.iter().filter(|choice| choice["type"] != "null").collect();
        if let [only] = something[..] {
            let inner = kind(only);
            let after = format!("{} or null", inner.after);
            return Type { after, ..inner };
        }
    }
    let mut names: Vec<String> = match &schema["type"] {
        Value::String(name) => vec![name.clone()],
        names => list(names).map(text).collect(),
    };
    let nullable = names.iter().any(|name| name == "null");
    names.retain(|name| name != "null");
    let after = if nullable { " or null" } else { "" }.to_owned();
    if names.first().is_some_and(|name| name == "array") {
        let inner = kind(&schema["items"]);
        let before = format!("list of {}", inner.before);
        return Type { before, name: inner.name, after: inner.after + &after };
    }
    let format = schema["format"].as_str().map(|format| format!(" ({format})")).unwrap_or_default();
    Type { before: names.join(" or ") + &format, name: None, after }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn paragraphs(value: &Value) -> Vec<Prose> {
    let text = value.as_str().unwrap_or_default();
    text.split("\n\n").filter(|part| !part.trim().is_empty()).map(Prose::of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_endpoint_and_links_only_to_shapes_that_are_there() {
        let html = DOCS.render().unwrap();
        let (_, table) = openapi::document();
        for endpoint in table {
            assert!(html.contains(&endpoint.path), "{}", endpoint.path);
        }
        for link in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(html.contains(&format!("id=\"{link}\"")), "{link}");
        }
        assert!(!html.contains("http://") && !html.contains("https://"));
    }
}
