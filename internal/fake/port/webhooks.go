package port

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// webhook is a webhook's document as it was sent, with its identifier.
type webhook map[string]any

func (w webhook) identifier() string { return fmt.Sprint(w["identifier"]) }

// answer returns the webhook as the API does, with its key and address. The contract does not describe this answer.
func (w webhook) answer() map[string]any {
	sum := sha256.Sum256([]byte(w.identifier()))
	key := hex.EncodeToString(sum[:8])
	answer := map[string]any{"webhookKey": key, "url": "https://ingest.port.io/" + key, "integrationType": "custom"}
	maps.Copy(answer, w)
	return answer
}

func (s *Server) findWebhook(identifier string) (int, *failure) {
	index := slices.IndexFunc(s.webhooks, func(w webhook) bool { return w.identifier() == identifier })
	if index < 0 {
		return 0, notFound("Webhook", identifier)
	}
	return index, nil
}

func (s *Server) createWebhook(c call) (int, any, *failure) {
	created := webhook(maps.Clone(c.object()))
	if created["identifier"] == nil {
		created["identifier"] = fmt.Sprintf("webhook_%d", len(s.webhooks)+1)
	}
	if _, missing := s.findWebhook(created.identifier()); missing == nil {
		return 0, nil, taken("Webhook", created.identifier())
	}
	s.webhooks = append(s.webhooks, created)
	return http.StatusOK, integrationAnswer(created), nil
}

func integrationAnswer(w webhook) map[string]any {
	return map[string]any{"ok": true, "integration": w.answer()}
}

func (s *Server) readWebhook(c call) (int, any, *failure) {
	index, refused := s.findWebhook(c.PathValue("identifier"))
	if refused != nil {
		return 0, nil, refused
	}
	return http.StatusOK, integrationAnswer(s.webhooks[index]), nil
}

// patchWebhook lays the body over the webhook.
func (s *Server) patchWebhook(c call) (int, any, *failure) {
	identifier := c.PathValue("identifier")
	index, refused := s.findWebhook(identifier)
	if refused != nil {
		return 0, nil, refused
	}
	changed := maps.Clone(s.webhooks[index])
	maps.Copy(changed, c.object())
	if given, ok := c.object()["identifier"]; ok && given != identifier {
		return 0, nil, notEmulated("renaming a webhook")
	}
	changed["identifier"] = identifier
	s.webhooks[index] = changed
	return http.StatusOK, integrationAnswer(changed), nil
}

func (s *Server) deleteWebhook(c call) (int, any, *failure) {
	index, refused := s.findWebhook(c.PathValue("identifier"))
	if refused != nil {
		return 0, nil, refused
	}
	s.webhooks = slices.Delete(s.webhooks, index, index+1)
	return http.StatusOK, map[string]any{"ok": true}, nil
}
