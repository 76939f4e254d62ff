"""GLSL shaders: the vertex shader of one quad, and fragment shaders for picture, idle picture and panels."""

QUAD = """
attribute vec2 a_corner;            // -1..1
varying vec2 v_at;                  // 0..1, (0, 0) is the top left as in the picture
void main() {
    v_at = vec2(a_corner.x * 0.5 + 0.5, 0.5 - a_corner.y * 0.5);
    gl_Position = vec4(a_corner, 0.0, 1.0);
}
"""

# The same where the corners of the picture are moved: OpenGL's division by w interpolates as perspective asks.
MAPPED_QUAD = """
attribute vec2 a_corner;            // -1..1
uniform mat3 u_place;               // what is shown, 0..1 -> clip coordinates
uniform mat3 u_texture;             // what is shown -> texture
uniform vec4 u_content;             // its place before the corners are moved: left, top, width, height
uniform vec2 u_margin;              // by how much the quad is larger
varying vec2 v_at;                  // in the texture
varying vec2 v_shown;               // in what is shown, 0..1
varying vec2 v_content;             // in the window before its corners are moved, 0..1
void main() {
    v_shown = 0.5 + 0.5 * a_corner * vec2(1.0, -1.0) * (1.0 + u_margin);
    v_content = u_content.xy + v_shown * u_content.zw;
    v_at = (u_texture * vec3(v_shown, 1.0)).xy;
    vec3 place = u_place * vec3(v_shown, 1.0);
    gl_Position = vec4(place.xy, 0.0, place.z);
}
"""

# Smooth borders of a mapped picture, and soft edges whose light adds up where two projectors overlap.
MASK = """
varying vec2 v_shown;
varying vec2 v_content;
uniform vec4 u_blend;               // widths of the soft edges: left, top, right, bottom
uniform float u_gamma;              // of the projector
float border(vec2 at) {
    vec2 across = dFdx(at), down = dFdy(at);
    vec2 pixel = sqrt(across * across + down * down);
    vec2 away = min(at, 1.0 - at) / max(pixel, 1e-9) + 0.5;
    return clamp(min(away.x, away.y), 0.0, 1.0);
}
float soft(float at, float width) {
    float t = clamp(at / max(width, 1e-6), 0.0, 1.0);
    return t * t * (3.0 - 2.0 * t);
}
void main() {
    draw_picture();
    float light = soft(v_shown.x, u_blend.x) * soft(v_shown.y, u_blend.y)
        * soft(1.0 - v_shown.x, u_blend.z) * soft(1.0 - v_shown.y, u_blend.w);
    gl_FragColor.rgb *= pow(light, 1.0 / u_gamma) * min(border(v_shown), border(v_content));
}
"""


def masked(fragment: str) -> str:
    """A fragment shader whose picture has the borders and soft edges of `MASK`; goes with `MAPPED_QUAD`."""
    return fragment.replace("void main()", "void draw_picture()") + MASK


LINEAR = """
varying vec2 v_at;
uniform sampler2D u_picture;
uniform float u_light;              // 0 black .. 1 as it is
void main() {
    gl_FragColor = vec4(texture2D(u_picture, v_at).rgb * u_light, 1.0);
}
"""

# Catmull and Rom's cubic (1974), its sixteen texels fetched as nine by letting the sampler mix neighbours.
CUBIC = """
varying vec2 v_at;
uniform sampler2D u_picture;
uniform vec2 u_size;                // of the picture [texels]
uniform float u_light;
vec3 pick(float x, float y) { return texture2D(u_picture, vec2(x, y)).rgb; }
void main() {
    vec2 at = v_at * u_size;
    vec2 centre = floor(at - 0.5) + 0.5;
    vec2 f = at - centre;
    vec2 w0 = f * (-0.5 + f * (1.0 - 0.5 * f));
    vec2 w1 = 1.0 + f * f * (-2.5 + 1.5 * f);
    vec2 w2 = f * (0.5 + f * (2.0 - 1.5 * f));
    vec2 w3 = f * f * (-0.5 + 0.5 * f);
    vec2 w12 = w1 + w2;
    vec2 t0 = (centre - 1.0) / u_size;
    vec2 t12 = (centre + w2 / w12) / u_size;
    vec2 t3 = (centre + 2.0) / u_size;
    vec3 sum = w0.y * (w0.x * pick(t0.x, t0.y) + w12.x * pick(t12.x, t0.y) + w3.x * pick(t3.x, t0.y))
        + w12.y * (w0.x * pick(t0.x, t12.y) + w12.x * pick(t12.x, t12.y) + w3.x * pick(t3.x, t12.y))
        + w3.y * (w0.x * pick(t0.x, t3.y) + w12.x * pick(t12.x, t3.y) + w3.x * pick(t3.x, t3.y));
    gl_FragColor = vec4(clamp(sum, 0.0, 1.0) * u_light, 1.0);
}
"""

# Before the first frame: two slow veils over night blue, with a little grain so that it shows no bands.
IDLE = """
varying vec2 v_at;
uniform float u_time;               // [s]
uniform float u_light;
void main() {
    vec2 p = v_at - 0.5;
    float veil = sin(p.x * 3.4 + u_time * 0.21 + 1.5 * sin(p.y * 2.6 - u_time * 0.13));
    float glow = sin(p.y * 4.2 - u_time * 0.17 + 1.7 * sin(p.x * 2.1 + u_time * 0.11));
    vec3 night = vec3(0.030, 0.036, 0.085);
    vec3 colour = night + vec3(0.15, 0.045, 0.20) * (0.5 + 0.5 * veil) * (0.5 + 0.5 * veil)
        + vec3(0.00, 0.13, 0.16) * (0.5 + 0.5 * glow) * (0.5 + 0.5 * glow);
    colour *= 1.0 - 1.3 * dot(p, p);
    float grain = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453) - 0.5;
    gl_FragColor = vec4((colour + grain / 160.0) * u_light, 1.0);
}
"""

# Painted elsewhere, its colours already multiplied by their alpha.
PANEL = """
varying vec2 v_at;
uniform sampler2D u_panel;
uniform float u_alpha;
void main() {
    gl_FragColor = texture2D(u_panel, v_at) * u_alpha;
}
"""
