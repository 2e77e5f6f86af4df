# Starts vLLM with the key of the mounted Secret. With an empty key vLLM would let everyone in, so there is no start then.
set -eu
VLLM_API_KEY="$(cat /etc/api-key/key)"
if [ -z "$VLLM_API_KEY" ]; then
    echo "the API key in /etc/api-key/key is empty; expected: a key in the Secret that apiKeySecret names" >&2
    exit 64
fi
export VLLM_API_KEY
exec vllm serve "$@"
